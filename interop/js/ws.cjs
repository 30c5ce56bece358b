// Puts the WebSocket of the ws package where Go under GOOS=js looks for it.
globalThis.WebSocket = require("../node/node_modules/ws");
