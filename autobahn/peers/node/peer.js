// The ws package of Node as an endpoint for the conformance suite: node peer.js server PORT, or node peer.js client URL.
import WebSocket, { WebSocketServer } from 'ws';

const options = { perMessageDeflate: { threshold: 0 }, maxPayload: 32 << 20 };

function echo(ws) {
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
  ws.on('error', () => {});
}

// ask opens a connection, gives its first message, if any, and ends when it is closed.
function ask(url, onOpen) {
  return new Promise((resolve) => {
    const ws = new WebSocket(url, options);
    let first;
    if (onOpen) onOpen(ws);
    else ws.on('message', (data) => { first ??= data.toString(); });
    ws.on('error', () => {});
    ws.on('close', () => resolve(first));
  });
}

const [mode, where] = process.argv.slice(2);
if (mode === 'server') {
  new WebSocketServer({ host: '127.0.0.1', port: Number(where), ...options }).on('connection', echo);
} else {
  const count = Number(await ask(`${where}/getCaseCount`));
  for (let i = 1; i <= count; i++) {
    await ask(`${where}/runCase?case=${i}&agent=node`, echo);
  }
  await ask(`${where}/updateReports?agent=node`);
}
