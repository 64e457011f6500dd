"""The protocol guidepost.v1 as it looks to clients that nobody here wrote: Python's websockets, and curl for the same
conversation over HTTP. The real program ($GUIDEPOST) on a free port, with a folder of its own; loopback only."""
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import websockets

QUESTION = 'How much does a lighthouse keeper earn?'
GUIDE = '# Lighthouse keepers\n\n## How much does a lighthouse keeper earn?\n\nA keeper earns 41,000 a year.\n'
SETTINGS = 'listen: 127.0.0.1:0\nadmin_listen: 127.0.0.1:0\ndata_dir: data\ncontent: [guides]\n'
START_S = 60
ANSWER_S = 30


class Program:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='guidepost-clients-')
        os.mkdir(self.path('guides'))
        self.write('guides/keeper.md', GUIDE)
        self.write('guidepost.yaml', SETTINGS)
        with open(self.path('log'), 'wb') as log:
            self.child = subprocess.Popen([os.environ['GUIDEPOST'], 'serve', '-c', self.path('guidepost.yaml')],
                                          stderr=log)
        self.port = int(self.said(r'what=listen addr=\S*:(\d+)'))
        self.said(r'msg="?(indexed)')

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as f:
            f.write(text)

    def log(self):
        with open(self.path('log'), encoding='utf-8', errors='replace') as f:
            return f.read()

    def said(self, pattern):
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.child.poll() is None:
            found = re.search(pattern, self.log())
            if found:
                return next(g for g in found.groups() if g)
            time.sleep(0.05)
        raise AssertionError(f'never said {pattern}:\n{self.log()}')

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        status = self.child.wait(30)
        log = self.log()
        shutil.rmtree(self.folder)
        assert status == 0, f'ended with {status}:\n{log}'

    def connect(self, **options):
        return websockets.connect(f'ws://127.0.0.1:{self.port}/v1/ws', subprotocols=['guidepost.v1'], compression=None,
                                  open_timeout=ANSWER_S, close_timeout=ANSWER_S, **options)

    def curl(self, path, *options):
        return subprocess.run(['curl', '-sS', '-m', str(ANSWER_S), *options, f'http://127.0.0.1:{self.port}{path}'],
                              check=True, capture_output=True, text=True).stdout


def setUpModule():
    global program
    program = Program()


def tearDownModule():
    program.stop()


async def say(ws, **frame):
    await ws.send(json.dumps(frame))


async def hear(ws, t):
    """The next frame of that type, and all that came on the way, it included."""
    heard = []
    while not heard or heard[-1]['t'] != t:
        heard.append(json.loads(await asyncio.wait_for(ws.recv(), ANSWER_S)))
    return heard[-1], heard


async def greet(ws, **more):
    await say(ws, t='hello', v=1, **more)
    return (await hear(ws, 'ready'))[0]


def sequence(heard):
    return [f['seq'] for f in heard if 'seq' in f and f['t'] != 'ack']


class Chat(unittest.IsolatedAsyncioTestCase):
    async def test_a_question_is_acknowledged_shown_and_answered_in_order(self):
        async with program.connect() as ws:
            self.assertEqual(ws.subprotocol, 'guidepost.v1')
            ready = await greet(ws)
            self.assertEqual(ready['head'], 0)
            await say(ws, t='ask', cid='one', text=QUESTION)
            answer, heard = await hear(ws, 'answer')
            self.assertIn({'t': 'ack', 'cid': 'one', 'seq': 1}, heard)
            self.assertEqual(sequence(heard), [1, 2])
            self.assertEqual((answer['re'], answer['cid']), (1, 'one'))
            self.assertIn('41,000', ''.join(s['text'] for s in answer['segments']))

    async def test_the_same_cid_is_done_once_and_something_else_under_it_is_refused(self):
        async with program.connect() as ws:
            await greet(ws)
            await say(ws, t='ask', cid='one', text=QUESTION)
            await hear(ws, 'answer')
            await say(ws, t='ask', cid='one', text=QUESTION)
            ack, heard = await hear(ws, 'ack')
            self.assertEqual((ack['seq'], ack.get('dup')), (1, True))
            self.assertEqual(sequence(heard), [])
            await say(ws, t='ask', cid='one', text='Something else?')
            self.assertEqual((await hear(ws, 'error'))[0]['code'], 'cid_conflict')

    async def test_what_was_missed_is_replayed_without_a_gap(self):
        async with program.connect() as ws:
            ready = await greet(ws)
            for i in range(3):
                await say(ws, t='ask', cid=f'q{i}', text=QUESTION)
                await hear(ws, 'answer')
        async with program.connect() as ws:
            again = await greet(ws, tok=ready['tok'], epoch=ready['epoch'], last=2)
            self.assertEqual((again['epoch'], again['head']), (ready['epoch'], 6))
            heard = []
            while sequence(heard)[-1:] != [6]:
                heard += (await hear(ws, 'answer'))[1]
            self.assertEqual(sequence(heard), [3, 4, 5, 6])

    async def test_both_tabs_show_the_same(self):
        async with program.connect() as one, program.connect() as two:
            ready = await greet(one)
            await greet(two, tok=ready['tok'])
            await say(one, t='ask', cid='one', text=QUESTION)
            here, there = await hear(one, 'answer'), await hear(two, 'answer')
            self.assertEqual(here[0], there[0])
            self.assertEqual(sequence(there[1]), [1, 2])

    async def test_fragments_and_pings_change_nothing(self):
        async with program.connect() as ws:
            await greet(ws)
            frame = json.dumps({'t': 'ask', 'cid': 'one', 'text': QUESTION})
            await ws.send(list(frame))  # a fragment for each character
            self.assertIn('41,000', json.dumps((await hear(ws, 'answer'))[0]))
            await asyncio.wait_for(await ws.ping(), ANSWER_S)

    async def test_votes_wishes_and_erasing_are_confirmed(self):
        async with program.connect() as ws:
            await greet(ws)
            await say(ws, t='ask', cid='one', text=QUESTION)
            await hear(ws, 'answer')
            await say(ws, t='feedback', cid='two', re=2, v=1)
            self.assertEqual((await hear(ws, 'fb'))[0]['re'], 2)
            await say(ws, t='feedback', cid='three', re=99, v=1)
            self.assertEqual((await hear(ws, 'error'))[0]['cid'], 'three')
            await say(ws, t='handoff', cid='four', want='live')
            self.assertEqual((await hear(ws, 'handoff'))[0]['state'], 'queued')
            await say(ws, t='erase', cid='five')
            await hear(ws, 'erased')


class Hostile(unittest.IsolatedAsyncioTestCase):
    """Each ends with the close code that is documented, and the next visitor is served."""

    async def ends(self, code, *frames, ready=True):
        async with program.connect(max_size=None) as ws:
            if ready:
                await greet(ws)
            try:
                for frame in frames:
                    await ws.send(frame)
                while True:
                    await asyncio.wait_for(ws.recv(), ANSWER_S)
            except websockets.ConnectionClosed as closed:
                self.assertEqual(closed.rcvd.code if closed.rcvd else None, code)
        await self.serves()

    async def serves(self):
        async with program.connect() as ws:
            await greet(ws)

    async def test_binary(self):
        await self.ends(1003, b'\x00\x01')

    async def test_too_large(self):
        await self.ends(1009, 'x' * 16385)

    async def test_not_utf_8(self):
        async with program.connect() as ws:
            await greet(ws)
            await ws.write_frame(True, 1, b'{"t":"ping","x":"\xff"}')
            with self.assertRaises(websockets.ConnectionClosed) as caught:
                await asyncio.wait_for(ws.recv(), ANSWER_S)
            self.assertEqual(caught.exception.rcvd.code, 1007)
        await self.serves()

    async def test_three_that_are_no_json(self):
        await self.ends(4400, '{', '[[[[', 'null')

    async def test_nested_ten_thousand_deep(self):
        await self.ends(4400, *['[' * 10000] * 3)

    async def test_an_unknown_version(self):
        await self.ends(4426, '{"t":"hello","v":2}', ready=False)

    async def test_an_unknown_site(self):
        await self.ends(4404, '{"t":"hello","v":1,"site":"nowhere"}', ready=False)

    async def test_silence(self):
        await self.ends(4408, ready=False)

    async def test_wrong_values_are_errors_and_the_chat_goes_on(self):
        wrong = [('bad_frame', {'t': 'ask', 'text': 'no cid'}),
                 ('bad_frame', {'t': 'ask', 'cid': 'a b', 'text': 'a blank in it'}),
                 ('bad_frame', {'t': 'ask', 'cid': 'x' * 65, 'text': 'too long a cid'}),
                 ('bad_frame', {'t': 'ask', 'cid': 'a', 'text': 7}),
                 ('empty', {'t': 'ask', 'cid': 'a', 'text': ' \n '}),
                 ('too_long', {'t': 'ask', 'cid': 'a', 'text': 'x' * 2001}),
                 ('bad_frame', {'t': 'feedback', 'cid': 'a', 're': 1, 'v': 3}),
                 ('bad_frame', {'t': 'feedback', 'cid': 'a', 're': -1, 'v': 1}),
                 ('bad_frame', {'t': 'feedback', 'cid': 'a', 're': 1, 'v': 1, 'why': 'No Word!'}),
                 ('bad_frame', {'t': 'handoff', 'cid': 'a', 'want': 'everything'}),
                 ('bad_frame', {'t': 'handoff', 'cid': 'a', 'want': 'email', 'email': 'nobody'}),
                 ('bad_frame', {'t': 'sync', 'after': -1}),
                 ('bad_frame', {'t': 'suggest', 'rid': -1, 'text': 'how'}),
                 ('unknown_type', {'t': 'dance', 'cid': 'a'})]
        async with program.connect() as ws:
            await greet(ws)
            for code, frame in wrong:
                await say(ws, **frame)
                self.assertEqual((await hear(ws, 'error'))[0]['code'], code, frame)
            await say(ws, t='ask', cid='one', text=QUESTION)
            self.assertEqual((await hear(ws, 'answer'))[0]['seq'], 2)


class Curl(unittest.TestCase):
    def post(self, path, body, *options):
        return json.loads(program.curl(path, '-H', 'Content-Type: application/json', '-d', json.dumps(body), *options))

    def test_a_question_in_one_line(self):
        self.assertIn('41,000', program.curl('/v1/ask', '-H', 'Accept: text/plain', '-d', QUESTION))

    def test_the_same_chat_without_a_websocket(self):
        token = self.post('/v1/hello', {'v': 1})['ready']['tok']
        bearer = ['-H', f'Authorization: Bearer {token}']
        said = json.dumps(self.post('/v1/messages', {'t': 'ask', 'cid': 'one', 'text': QUESTION}, *bearer))
        self.assertIn('41,000', said)
        again = json.dumps(self.post('/v1/messages', {'t': 'ask', 'cid': 'one', 'text': QUESTION}, *bearer))
        self.assertIn('"dup": true', again)
        events = program.curl('/v1/events?after=0&wait=0', *bearer)
        self.assertIn('41,000', events)


if __name__ == '__main__':
    unittest.main()
