/** The server's clock, once a second, for timers on the page. */
export class Ticker {
  #offset = 0;
  now = $state(Date.now());

  set offset(milliseconds: number) {
    this.#offset = milliseconds;
    this.beat();
  }

  beat(): void {
    this.now = Date.now() + this.#offset;
  }

  start(): () => void {
    const timer = setInterval(() => this.beat(), 1_000);
    return () => clearInterval(timer);
  }
}
