/** An outcome rather than a mistake: the text is printed as it is. */
export class TerseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TerseError';
  }
}
