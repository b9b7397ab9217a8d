from crosstalk.cli import main

main(prog_name="crosstalk")
