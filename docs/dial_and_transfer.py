"""1001 calls 1002, talks for five seconds, and is gone: 1003 talks to 1002 instead. Both ring as telephones do."""

import json, sys, time

from websockets.sync.client import connect

with connect(sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8877") as link:
    def ask(**request):
        link.send(json.dumps(request))
        while (answer := json.loads(link.recv())).get("fname") == "event":
            print("event", answer["id"], "at", answer["monitor"])
        return answer

    ask(fname="login", id="cube", pwd="cube123")
    for device in ("1001", "1002", "1003"):
        ask(fname="addmonitor", device=device)
    call = ask(fname="dial", this="1001", called="1002")["newcall"]
    while (event := json.loads(link.recv()))["id"] != 6:  # established
        print("event", event["id"], "at", event["monitor"])
    time.sleep(5)
    print(ask(fname="sstransfer", this="1001", c1=call, called="1003")["result"])
