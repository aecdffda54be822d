"""One-time codes beside the password: set, asked for, good once, lost, reset; over `/api/v1` and from the command line."""

import json
import os
import subprocess

import centre as demo
import totp
import wire

JSON = ("Content-Type", "application/json")
SECOND = "/api/v1/second-factor"


def ask(http, method, path, token=None, **body):
    headers = [JSON, *([("Authorization", f"Bearer {token}")] if token else [])]
    return wire.send(http, method, path, headers, json.dumps(body) if body else "")


def log_in(http, user, **more):
    return ask(http, "POST", "/api/v1/session", user=user, password="demo", **more)


def enrol(http, user) -> tuple[str, list[str], str]:
    """Secret, recovery codes, and the token of the session that was opened by it."""
    begun = ask(http, "POST", SECOND, user=user, password="demo").json
    assert begun["secret"] in begun["uri"] and begun["svg"].startswith("<svg ")
    set = ask(http, "PUT", SECOND, ticket=begun["ticket"], code=totp.code(begun["secret"]), log_in=True)
    assert set.status == 200, set
    return begun["secret"], set.json["recovery"], set.json["token"]


def refused(answer) -> tuple[int, str]:
    return answer.status, answer.json["error"]["code"]


def test_a_code_is_asked_for_and_good_once_and_lives_through_a_restart(tmp_path):
    own = demo.Centre(tmp_path / "data")
    secret, recovery, _ = enrol(own.http, "1003")
    assert refused(log_in(own.http, "1003")) == (401, "session.code_needed")
    late = totp.code(secret, 1)
    assert log_in(own.http, "1003", code=late).status == 200
    assert log_in(own.http, "1003", code=recovery[0]).status == 200
    own.kill()
    own = demo.Centre(tmp_path / "data")
    try:
        assert refused(log_in(own.http, "1003")) == (401, "session.code_needed")
        assert refused(log_in(own.http, "1003", code=late)) == (401, "session.wrong_code")
        assert refused(log_in(own.http, "1003", code=recovery[0])) == (401, "session.wrong_code")
        assert log_in(own.http, "1003", code=recovery[1]).status == 200
        data = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("*.db*"))
        for known in [secret, recovery[2], recovery[2].replace("-", "")]:
            assert known.encode() not in data, "the database alone gives no code away"
    finally:
        own.stop()


def test_wrong_codes_shut_the_door(http):
    secret, recovery, _ = enrol(http, "1004")
    wrong = next(code for code in ("000000", "111111", "222222", "333333") if code not in [totp.code(secret, n) for n in (-1, 0, 1, 2)])
    for _ in range(10):
        assert refused(log_in(http, "1004", code=wrong)) == (401, "session.wrong_code")
    shut = log_in(http, "1004", code=recovery[0])
    assert refused(shut) == (429, "session.locked") and shut.headers["Retry-After"]
    assert log_in(http, "1005").status == 200


def test_a_lost_device_is_helped_from_the_command_line(centre, http):
    enrol(http, "1006")
    assert refused(log_in(http, "1006")) == (401, "session.code_needed")
    done = sangdam(centre, "user", "reset-second-factor", "1006")
    assert done.returncode == 0, done.stderr
    assert log_in(http, "1006").status == 200


def test_the_command_line_logs_in_with_a_code(centre, http):
    token = log_in(http, "admin").json["token"]
    boss = {"name": "boss", "role": "administrator", "password": "demo"}
    assert ask(http, "PUT", "/api/v1/users/boss", token, **boss).status == 200
    secret, recovery, _ = enrol(http, "boss")
    without = sangdam(centre, "user", "show", "1001", "--user", "boss")
    assert without.returncode != 0 and "code" in without.stderr
    with_code = sangdam(centre, "user", "show", "1001", "--user", "boss", SANGDAM_CODE=recovery[0])
    assert with_code.returncode == 0, with_code.stderr
    assert json.loads(with_code.stdout)["id"] == "1001"


def test_a_role_that_must_have_one_is_led_to_it(http):
    token = log_in(http, "admin").json["token"]
    realm = ask(http, "GET", "/api/v1/realm", token).json
    assert ask(http, "PUT", "/api/v1/realm", token, **realm, second_factor=["supervisor"]).status == 200
    try:
        assert refused(log_in(http, "9001")) == (403, "session.must_enrol")
        secret, _, opened = enrol(http, "9001")
        assert ask(http, "GET", "/api/v1/session", opened).json["user"]["second_factor"] is True
        assert ask(http, "GET", "/api/v1/users", opened).status == 200
        off = ask(http, "DELETE", SECOND, user="9001", password="demo", code=totp.code(secret, 1))
        assert refused(off) == (403, "session.must_enrol")
    finally:
        assert ask(http, "PUT", "/api/v1/realm", token, **realm).status == 200


def sangdam(centre, *words, **more) -> subprocess.CompletedProcess:
    env = {**os.environ, "SANGDAM_PASSWORD": "demo", **more}
    command = [demo.binary(), *words, "--url", centre.http]
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
