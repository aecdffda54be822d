/**
 * The site's own look: `--sd-brand`, `--sd-on-brand`, `--sd-radius`, `--sd-font`, given in the address as `brand`,
 * `on_brand`, `radius`, `font` (a frame inherits nothing). Colours that cannot be read on each other are refused.
 */

/** WCAG 2.2, 1.4.3. */
const CONTRAST = 4.5;

type Rgb = [number, number, number];

/** Relative luminance (WCAG 2.2). */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** `#rgb` and `#rrggbb`; other forms of CSS are not taken. */
export function colour(text: string): Rgb | undefined {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text.trim())?.[1];
  if (!hex) return undefined;
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
  return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16)) as Rgb;
}

/** The properties to set on the page, from the address. */
export function look(given: URLSearchParams, warn: (text: string) => void): Record<string, string> {
  const set: Record<string, string> = {};
  const [brand, on] = [given.get("brand"), given.get("on_brand") ?? "#fff"];
  if (brand) {
    const [back, front] = [colour(brand), colour(on)];
    if (!back || !front) warn(`webchat: --sd-brand and --sd-on-brand are #rgb or #rrggbb, not ${brand} and ${on}`);
    else if (contrast(back, front) < CONTRAST) warn(`webchat: ${on} cannot be read on ${brand}: contrast ${contrast(back, front).toFixed(2)}, at least ${CONTRAST} is needed`);
    else {
      Object.assign(set, {
        "--brand-solid": brand,
        "--on-brand": on,
        "--brand-hover": `color-mix(in srgb, ${brand} 88%, ${luminance(back) > 0.5 ? "white" : "black"})`,
        "--bubble-me": brand,
        "--bubble-me-ink": on,
      });
      // As a colour of words it has to be read on the page, too.
      if (contrast(back, [255, 255, 255]) >= CONTRAST) set["--brand"] = `light-dark(${brand}, color-mix(in srgb, ${brand} 40%, white))`;
    }
  }
  const radius = given.get("radius");
  if (radius && /^\d{1,2}px$/.test(radius)) set["--r3"] = radius;
  const font = given.get("font");
  if (font && /^[\w\s,'"-]{1,200}$/.test(font)) set["--font"] = font;
  return set;
}
