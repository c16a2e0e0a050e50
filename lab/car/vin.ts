/** Weights and letter values of the check digit: 49 CFR 565.15 (FMVSS 115). */
const WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const LETTERS = 'ABCDEFGH-JKLMN-P-R-STUVWXYZ';
const valueOf = (char: string): number => {
  const at = LETTERS.indexOf(char);
  if (at < 0) return Number(char);
  return at < 8 ? at + 1 : at < 18 ? at - 8 : at - 17;
};

/** The check digit (ninth character) of a VIN; the character that stands there does not count. */
export function vinCheckDigit(vin: string): string {
  const sum = [...vin].reduce((total, char, index) => total + valueOf(char) * (WEIGHTS[index] ?? 0), 0);
  return sum % 11 === 10 ? 'X' : String(sum % 11);
}

/** A well-formed VIN for car `index` of the lab; no maker has this prefix. */
export function labVin(index: number): string {
  const serial = String(index).padStart(6, '0');
  const draft = `1EDGETW10TL${serial}`;
  return `${draft.slice(0, 8)}${vinCheckDigit(draft)}${draft.slice(9)}`;
}
