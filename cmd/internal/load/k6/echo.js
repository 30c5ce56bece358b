// The load of ws load -inflight 1 for k6: each virtual user has one message of 125 bytes under way. See compare.sh.
import ws from 'k6/ws';
import { Counter, Trend } from 'k6/metrics';

const answers = new Counter('answers');
const latency = new Trend('latency', true);
const payload = 'x'.repeat(125);

export const options = {
  vus: Number(__ENV.CONNS), duration: `${__ENV.SECONDS}s`,
  summaryTrendStats: ['min', 'avg', 'p(50)', 'p(99)', 'p(99.9)', 'max'],
};

export default function () {
  ws.connect(__ENV.URL, {}, (socket) => {
    let sent;
    const send = () => { sent = Date.now(); socket.send(payload); };
    socket.on('open', send);
    socket.on('message', () => { latency.add(Date.now() - sent); answers.add(1); send(); });
    socket.setTimeout(() => socket.close(), 1000 * __ENV.SECONDS);
  });
}
