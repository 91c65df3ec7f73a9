/** Gives each task a private address of the network that the subnets stand for, 10.0.0.0/16, none twice in a run. */
export class Addresses {
  #given = 0;

  next(): string {
    this.#given += 1;
    return `10.0.${(this.#given >> 8) & 255}.${this.#given & 255}`;
  }
}
