// Shows one document of the contract with Redoc. The page names both addresses, relative to its own.
const place = document.getElementById('reference')
const { init } = await import(new URL(place.dataset.redoc, location.href))
const contract = new URL(place.dataset.document, location.href).href

init(contract, { disableTelemetry: true, sortRequiredPropsFirst: false, sanitize: true }, place)
