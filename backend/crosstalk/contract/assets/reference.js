// Shows one document of the contract with Redoc. The page names both addresses.
const place = document.getElementById('reference')
const { init } = await import(place.dataset.redoc)

init(place.dataset.document, { disableTelemetry: true, sortRequiredPropsFirst: false, sanitize: true }, place)
