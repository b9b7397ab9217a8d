"""Answers of a language model, each written into its room as a stream."""

import queue
import threading
import time

import structlog

from crosstalk.core import db
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.operations import on
from crosstalk.core.quotas import ROW_BYTES, text_bytes
from crosstalk.core.windows import Windows
from crosstalk.features.accounts.live_session import name_assistant
from crosstalk.features.bots.bot import bot_named
from crosstalk.features.messages.events import StreamEnded, StreamOpened
from crosstalk.features.streams.asking import ANSWERS
from crosstalk.features.streams.completions import Call, Model
from crosstalk.features.streams.conversation import Messages, conversation
from crosstalk.features.streams.model_errors import UNAVAILABLE, ModelCut, ModelError, ModelRefused
from crosstalk.features.streams.piece import append_piece
from crosstalk.features.streams.stream import StreamRow, change_state, open_streams

COALESCE_S = 0.04
RETRY_S = 0.5
GONE = "There is no assistant any more."
BUSY = "The assistant is busy; ask again later."
RESTARTED = "The server restarted while this was being written."
log = structlog.get_logger("answerer")


class _Answer:
    """One answer under one lease: a thread that reads from the model, and one that stores the text.

    The reader puts pieces of text into the queue, an empty one for every sign of life, and at its end, whatever ended it, a
    ModelError or None.
    """

    def __init__(self, row: StreamRow, model: Model, messages: Messages) -> None:
        self.stream_id = row.id
        self.lease = row.lease
        self._model = model
        self._call = Call(model, messages, on_bytes=lambda: self._texts.put(""))
        self._texts: queue.SimpleQueue[str | ModelError | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="model", daemon=True)
        self._over = threading.Event()

    def close(self) -> None:
        """The producer stops, and so does the model."""
        self._over.set()
        self._call.close()

    def run(self) -> None:
        self._reader.start()
        text = ""
        patience = self._model.first_byte_s
        while not self._over.is_set():
            try:
                received = self._texts.get(timeout=patience)
            except queue.Empty:
                received = ModelCut("The model stopped sending.")
            patience = self._model.silence_s
            if isinstance(received, str):
                text += received
                if text:
                    text = self._store(text + self._coalesced())
            else:
                self._end(received)

    def _read(self) -> None:
        end: ModelError | None = ModelRefused(UNAVAILABLE)
        try:
            for text in self._call.pieces():
                self._texts.put(text)
            end = None
        except ModelError as gave_up:
            end = gave_up
        except Exception:
            log.exception("the model's answer could not be read")
        finally:
            # Without it the other thread would wait, and keep its place.
            self._texts.put(end)

    def _coalesced(self) -> str:
        """The pieces that arrive within a moment, so that they are stored together."""
        self._over.wait(COALESCE_S)
        texts = []
        while not self._texts.empty():
            received = self._texts.get()
            if not isinstance(received, str):
                self._texts.put(received)
                break
            texts.append(received)
        return "".join(texts)

    def _store(self, text: str) -> str:
        """The text that is left to store: none, or all of it when the database is unavailable."""
        try:
            with db.transaction() as tx:
                row = self._own(tx)
                if row is not None:
                    append_piece(tx, row, text)
                    db.database().usage.add(row.producer_id, ROW_BYTES + text_bytes(text))
        except CrosstalkError as refused:
            if refused.code == "too_large":
                self._end(ModelError("The answer is longer than a stream may be."))
                return ""
            log.warning("answer not stored", reason=refused.message)
            self._over.wait(RETRY_S)
            return text
        return ""

    def _end(self, why: ModelError | None) -> None:
        self.close()
        state = "finished" if why is None else "interrupted" if isinstance(why, ModelCut) else "failed"
        while True:
            try:
                with db.transaction() as tx:
                    row = self._own(tx)
                    if row is not None:
                        change_state(tx, row, state, reason=str(why) if why else None)  # type: ignore[arg-type]
                return
            except CrosstalkError as refused:
                log.warning("end of an answer not stored", reason=refused.message)
                time.sleep(RETRY_S)

    def _own(self, tx: db.Tx) -> StreamRow | None:
        """The stream, while it is this producer's."""
        row = tx.session.get(StreamRow, self.stream_id)
        if row is not None and row.state == "open" and row.lease == self.lease:
            return row
        self.close()
        return None


class Answerer:
    def __init__(self) -> None:
        self.model: Model | None = None
        self.name = ""
        self.questions = Windows()
        """How often was asked: see streams/asking.py."""
        self._lock = threading.Lock()
        self._answers: dict[str, _Answer] = {}
        self._threads: set[threading.Thread] = set()

    def use(self, model: Model | None, name: str) -> None:
        """Which model answers, in whose name. Without one nobody is answered."""
        self.model, self.name = model, name
        name_assistant(None if model is None else name)

    def start(self) -> None:
        """Takes the bot's name, and interrupts what was being written when the server died: a model does not go on by itself."""
        with db.transaction() as tx:
            if self.model is not None:
                bot_named(tx.session, self.name)
            for row in open_streams(tx.session):
                if row.source == "answer":
                    change_state(tx, row, "interrupted", reason=RESTARTED)

    def stop(self) -> None:
        with self._lock:
            answers, threads = list(self._answers.values()), list(self._threads)
        for answer in answers:
            answer.close()
        for thread in threads:
            thread.join(2)

    def write(self, stream_id: str) -> None:
        """Starts to write an open stream, from its durable end on."""
        model = self.model
        if model is None or len(self._answers) >= ANSWERS:
            self._refuse(stream_id, GONE if model is None else BUSY)
            return
        with db.reading() as session:
            row = session.get_one(StreamRow, stream_id)
            messages = conversation(session, row, self.name, model.context_characters)
        answer = _Answer(row, model, messages)
        thread = threading.Thread(target=self._run, args=(answer,), name="answer", daemon=True)
        with self._lock:
            self._answers[stream_id] = answer
            self._threads.add(thread)
        thread.start()

    def close(self, stream_id: str, lease: int) -> None:
        """The stream has ended: its producer must not go on."""
        with self._lock:
            answer = self._answers.get(stream_id)
        if answer is not None and answer.lease <= lease:
            answer.close()

    def _run(self, answer: _Answer) -> None:
        try:
            answer.run()
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
                if self._answers.get(answer.stream_id) is answer:
                    del self._answers[answer.stream_id]

    def _refuse(self, stream_id: str, why: str) -> None:
        with db.transaction() as tx:
            row = tx.session.get_one(StreamRow, stream_id)
            if row.state == "open":
                change_state(tx, row, "failed", reason=why)


answerer = Answerer()


@on(StreamOpened)
def begin_to_answer(opened: StreamOpened) -> None:
    with db.reading() as session:
        row = session.get(StreamRow, opened.message.id)
    if row is not None and row.source == "answer" and row.state == "open":
        answerer.write(row.id)


@on(StreamEnded)
def stop_answering(ended: StreamEnded) -> None:
    part = ended.message.stream
    if part is not None:
        answerer.close(ended.message.id, part.lease)
