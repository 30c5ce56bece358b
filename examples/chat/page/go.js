"use strict";

const go = new Go(); // of wasm_exec.js, which comes with Go
WebAssembly.instantiateStreaming(fetch("go/client.wasm"), go.importObject).then((r) => go.run(r.instance));
