/** Sleeps on behalf of the page; see `workerClock`. */
onmessage = ({ data }: MessageEvent<{ id: number; milliseconds: number }>) => {
  setTimeout(() => postMessage(data.id), data.milliseconds);
};
