/** Brings a file to the room's own address (`nxwebapi.md` 4). By XMLHttpRequest: fetch tells nothing of its progress. */
import type { Trouble } from "./text";

/** Bytes that the server takes. */
const MOST = 20_000_000;

export class UploadFailed extends Error {
  override readonly name = "UploadFailed";
  /** The HTTP status; 0 for none. */
  readonly status: number;
  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** Gives an entry for `file_data`. */
export function upload(url: string, file: File, progress: (part: number) => void): Promise<object> {
  return new Promise((resolve, reject) => {
    if (file.size === 0) return reject(new UploadFailed(411));
    if (file.size > MOST) return reject(new UploadFailed(413));
    const form = new FormData();
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const entry: unknown = request.response;
      if (request.status === 200 && typeof entry === "object" && entry !== null) resolve(entry);
      else reject(new UploadFailed(request.status));
    };
    request.onerror = request.onabort = () => reject(new UploadFailed(0));
    request.send(form);
  });
}

const WORDS: Record<number, Trouble> = { 411: "fileEmpty", 413: "fileTooBig", 415: "fileType", 429: "fileMany" };

/** Why it failed, in words. */
export function keyOf(error: unknown): Trouble {
  return (error instanceof UploadFailed && WORDS[error.status]) || "fileFailed";
}
