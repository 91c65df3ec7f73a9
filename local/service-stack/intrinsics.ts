/** What a created resource is called by the rest of its template. */
export interface Created {
  readonly ref: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Resources by logical id, and pseudo parameters (`AWS::Region`) by their name. */
export type Known = ReadonlyMap<string, Created>;

/**
 * A template's value with its intrinsic functions carried out: Ref, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select, Fn::Split.
 * @throws {TypeError} at any other, and at what is not known: nothing half-resolved is ever handed on
 */
export function resolve(value: unknown, known: Known): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, known));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  if (entries.length !== 1 || name === undefined || (name !== 'Ref' && !name.startsWith('Fn::'))) {
    return Object.fromEntries(entries.map(([key, item]) => [key, resolve(item, known)]));
  }
  if (name === 'Ref') return created(text(argument), known).ref;
  if (name === 'Fn::GetAtt') return attribute(list(argument).map(text), known);
  if (name === 'Fn::Sub') return substitute(argument, known);
  const resolved = list(resolve(argument, known));
  switch (name) {
    case 'Fn::Join':
      return list(resolved[1]).map(text).join(text(resolved[0]));
    case 'Fn::Split':
      return text(resolved[1]).split(text(resolved[0]));
    case 'Fn::Select':
      return list(resolved[1])[Number(resolved[0])];
    default:
      throw new TypeError(`the template uses ${name}, which is not carried out here`);
  }
}

/** As {@link resolve}, for an object. */
export function resolveObject(value: Readonly<Record<string, unknown>>, known: Known): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, known)]));
}

function substitute(argument: unknown, known: Known): string {
  const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const own = resolve(variables, known);
  return text(template).replaceAll(/\$\{(!?)([\w.:]+)\}/g, (whole, literal: string, name: string) => {
    if (literal !== '') return whole.replace('!', '');
    if (typeof own === 'object' && own !== null && name in own) return text(Reflect.get(own, name));
    const [id = '', ...path] = name.split('.');
    return path.length === 0 ? created(id, known).ref : attribute([id, path.join('.')], known);
  });
}

function created(id: string, known: Known): Created {
  const found = known.get(id);
  if (found === undefined) throw new TypeError(`the template refers to ${id}, which was not made`);
  return found;
}

function attribute([id = '', name = '']: string[], known: Known): string {
  const value = created(id, known).attributes?.[name];
  if (value === undefined) throw new TypeError(`${id} has no attribute ${name} here`);
  return value;
}

function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new TypeError(`a text was expected in the template, not ${JSON.stringify(value)}`);
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`a list was expected in the template, not ${JSON.stringify(value)}`);
}
