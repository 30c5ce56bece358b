// Node's http2 with WebSocket connections as its streams (RFC 8441), which speak by the ws package: the server, or the client, of tests in
// ../newer.
//
//	node http2.js server        prints its port, and serves until its input ends
//	node http2.js client PORT   plays with a server, and prints what came of it as JSON
import http2 from 'node:http2';
import WebSocket from 'ws';

// over returns a WebSocket over a stream whose opening handshake is over.
function over(stream, isServer) {
	const ws = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 30_000 });
	ws._isServer = isServer;
	ws.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 16 << 20, skipUTF8Validation: false });
	return ws;
}

// paths is what the server does with the streams of each path.
const paths = {
	'/echo': stream => {
		stream.respond({ ':status': 200 });
		const ws = over(stream, true);
		ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
	},
	'/close': stream => {
		stream.respond({ ':status': 200 });
		over(stream, true).close(4001, 'tired');
	},
	'/reset': stream => {
		stream.respond({ ':status': 200 });
		stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
	},
	'/stall': stream => {
		stream.respond({ ':status': 200 });
		stream.pause();
	},
	'/refused-once': stream => {
		if (stream.session.refusedOnce) return paths['/echo'](stream);
		stream.session.refusedOnce = true;
		stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
	},
	'/going': stream => {
		paths['/echo'](stream);
		stream.session.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id);
	},
};

function serve() {
	const server = http2.createServer({ settings: { enableConnectProtocol: true, maxConcurrentStreams: 1000 } });
	server.on('stream', (stream, headers) => {
		stream.on('error', () => {});
		const path = paths[headers[':path']];
		if (headers[':method'] !== 'CONNECT' || headers[':protocol'] !== 'websocket' || !path) {
			stream.respond({ ':status': 404 });
			stream.end('nothing here');
			return;
		}
		path(stream);
	});
	const sessions = new Set();
	server.on('session', session => sessions.add(session).size && session.on('close', () => sessions.delete(session)));
	server.listen(0, '127.0.0.1', () => console.log(server.address().port));
	process.stdin.on('end', () => { sessions.forEach(s => s.destroy()); server.close(); }).resume();
}

// open opens a WebSocket over a stream of a session.
function open(session, path) {
	return new Promise((done, failed) => {
		const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13' });
		stream.on('error', failed);
		stream.on('response', headers => {
			if (headers[':status'] !== 200) return failed(new Error('status ' + headers[':status']));
			done(over(stream, false));
		});
	});
}

// exchange sends a message and returns what comes back.
const exchange = (ws, data) => new Promise((done, failed) => {
	ws.once('message', done);
	ws.once('close', code => failed(new Error('closed with ' + code)));
	ws.send(data);
});

const ended = ws => new Promise(done => ws.once('close', (code, reason) => done([code, String(reason)])));

async function play(port) {
	const session = http2.connect('http://127.0.0.1:' + port);
	await new Promise(done => session.once('remoteSettings', done));
	const result = { connect: session.remoteSettings.enableConnectProtocol, echoes: 0, ends: [] };
	const all = await Promise.all(Array.from({ length: 200 }, () => open(session, '/echo')));
	await Promise.all(all.map(async (ws, i) => {
		const data = Buffer.alloc(i * 1000, i);
		if (data.equals(await exchange(ws, data))) result.echoes++;
	}));
	const first = ended(all[0]);
	all[0].close(4000, 'bye');
	result.ends.push(await first);
	const tired = await open(session, '/close');
	result.ends.push(await ended(tired));
	result.refused = await open(session, '/refused').catch(e => e.message);
	await Promise.all(all.slice(1).map(ws => { const end = ended(ws); ws.close(1000); return end; }));
	console.log(JSON.stringify(result));
	session.close();
}

const [role, port] = process.argv.slice(2);
if (role === 'server') serve();
else await play(port);
