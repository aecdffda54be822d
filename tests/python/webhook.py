"""A webhook's receiver on loopback: keeps what is posted to it."""

import http.server
import json
import threading

from sockets import PATIENCE_S


class Webhook:
    """Answers 200 to everything, unless told otherwise by `answers` (statuses, used up from the front)."""

    def __init__(self):
        self.posts: list[tuple[dict, dict]] = []
        self.answers: list[int] = []
        self.news = threading.Condition()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with owner.news:
                    status = owner.answers.pop(0) if owner.answers else 200
                    if status == 200:
                        owner.posts.append((dict(self.headers.items()), json.loads(body)))
                    owner.news.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def items(self) -> list[dict]:
        """What was delivered, unpacked."""
        with self.news:
            return [json.loads(body["Message"]) for _, body in self.posts]

    def expect(self, wanted) -> tuple[dict, dict]:
        """Waits for the post whose item is wanted; gives its headers and envelope."""
        find = lambda: next((post for post in self.posts if wanted(json.loads(post[1]["Message"]))), None)
        with self.news:
            assert self.news.wait_for(lambda: find() is not None, PATIENCE_S), f"came: {self.posts}"
            return find()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
