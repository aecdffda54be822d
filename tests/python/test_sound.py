"""What telephones hear: baresip, a user agent of its own kin, over UDP, TCP and TLS, with a tone at each end."""

import pytest

import centre as demo
from baresip import Baresip
from rio import Rio, shorten, wait_until

A, B, C = "1001", "1002", "1003"
OF_A, OF_B, OF_C = 500, 700, 900  # each has a tone of its own


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    running = demo.Centre(tmp_path_factory.mktemp("sound") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture
def phone(switch, tmp_path):
    phones: list[Baresip] = []

    def phone(number: str, transport: str, hertz: int, secret: bool | None = None) -> Baresip:
        secret = transport == "tls" if secret is None else secret
        certificate = switch.data / "demo-certificate.pem"
        phones.append(Baresip(switch.ready, number, transport, hertz, tmp_path, certificate, secret))
        return phones[-1]

    yield phone
    for each in phones:
        each.close()


@pytest.fixture
def k(switch):
    k = Rio(switch.ready["rio"])
    k.monitor(A, B, C)
    yield k
    k.close()


def came(k: Rio, event: str) -> None:
    wait_until(lambda: any(shorten(each) == event for each in k.events), within=20)


@pytest.mark.parametrize(("first", "second"), [("udp", "udp"), ("tcp", "tls"), ("tls", "udp")])
def test_two_telephones_hear_each_other(phone, k, first, second):
    a, b = phone(A, first, OF_A), phone(B, second, OF_B)
    a.dial(B)
    came(k, "1002 6 22")
    a.hears(OF_B)
    b.hears(OF_A)
    a.do("hangup")
    came(k, "1002 1 -1")


def test_a_telephone_under_tls_that_knows_no_srtp_is_called_without(phone, k):
    a, b = phone(A, "udp", OF_A), phone(B, "tls", OF_B, secret=False)
    a.dial(B)
    came(k, "1002 6 22")
    a.hears(OF_B)
    b.hears(OF_A)
    a.do("hangup")
    came(k, "1002 1 -1")


def test_an_application_dials_holds_retrieves_and_transfers_what_is_heard(phone, k):
    a, b, c = phone(A, "udp", OF_A), phone(B, "tcp", OF_B), phone(C, "udp", OF_C)
    call = k.dial(A, B)
    came(k, "1002 6 22")
    a.hears(OF_B)
    b.hears(OF_A)
    k.do("hold", this=A, c1=call)
    came(k, "1002 8 -1")
    k.do("retrieve", this=A, c1=call)
    came(k, "1002 12 -1")
    b.hears(OF_A)
    k.do("sstransfer", this=A, c1=call, called=C)
    came(k, "1003 6 52")
    b.hears(OF_C)
    c.hears(OF_B)
    k.do("clear", this=B, c1=call)
    came(k, "1003 1 -1")


def test_the_test_number_sounds_at_440_hertz(phone, k):
    a = phone(A, "tls", OF_A)
    a.dial("3998")
    a.hears(440)
    a.do("hangup")
    came(k, "1001 1 -1")


def test_the_echo_says_what_it_hears(phone, k):
    a = phone(A, "udp", OF_A)
    a.dial("3999")
    a.hears(OF_A)
    a.do("hangup")
    came(k, "1001 1 -1")
