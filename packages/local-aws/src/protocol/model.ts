/** A service model of AWS (botocore's `service-2.json`) with its references resolved on demand. */

export type ShapeType =
  | 'structure'
  | 'list'
  | 'map'
  | 'string'
  | 'character'
  | 'integer'
  | 'long'
  | 'float'
  | 'double'
  | 'bigdecimal'
  | 'boolean'
  | 'timestamp'
  | 'blob';

export type Protocol = 'json' | 'query' | 'rest-json' | 'rest-xml' | 'smithy-rpc-v2-cbor' | 'ec2';

interface RawReference {
  readonly shape: string;
  readonly location?: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode';
  readonly locationName?: string;
  readonly flattened?: boolean;
  readonly xmlAttribute?: boolean;
  readonly xmlNamespace?: string | { readonly uri: string; readonly prefix?: string };
  readonly timestampFormat?: string;
  readonly jsonvalue?: boolean;
  readonly streaming?: boolean;
  readonly idempotencyToken?: boolean;
}

interface RawShape {
  readonly type: ShapeType;
  readonly members?: Readonly<Record<string, RawReference>>;
  readonly required?: readonly string[];
  readonly member?: RawReference;
  readonly key?: RawReference;
  readonly value?: RawReference;
  readonly payload?: string;
  readonly flattened?: boolean;
  readonly locationName?: string;
  readonly min?: number;
  readonly max?: number;
  readonly sensitive?: boolean;
  readonly document?: boolean;
  readonly union?: boolean;
  readonly eventstream?: boolean;
  readonly exception?: boolean;
  readonly timestampFormat?: string;
  readonly streaming?: boolean;
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number; readonly senderFault?: boolean };
}

interface RawOperation {
  readonly name: string;
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: RawReference;
  readonly output?: RawReference & { readonly resultWrapper?: string };
  readonly errors?: readonly RawReference[];
}

/** The part of `service-2.json` that the protocols need. */
export interface RawModel {
  readonly metadata: {
    readonly apiVersion: string;
    readonly protocol: Protocol;
    readonly protocols?: readonly Protocol[];
    readonly jsonVersion?: string;
    readonly targetPrefix?: string;
    readonly xmlNamespace?: string | { readonly uri: string };
    readonly serviceId?: string;
    readonly awsQueryCompatible?: object;
  };
  readonly operations: Readonly<Record<string, RawOperation>>;
  readonly shapes: Readonly<Record<string, RawShape>>;
}

/** A use of a shape: as a member of a structure, of a list, as a key or a value of a map. */
export interface Member {
  readonly shape: Shape;
  readonly location: RawReference['location'];
  readonly locationName: string | undefined;
  readonly flattened: boolean;
  readonly xmlAttribute: boolean;
  readonly timestampFormat: string | undefined;
  readonly jsonvalue: boolean;
  readonly streaming: boolean;
}

const noMembers: ReadonlyMap<string, Member> = new Map();

export class Shape {
  readonly name: string;
  readonly type: ShapeType;
  readonly raw: RawShape;
  readonly #model: ServiceModel;
  #members: ReadonlyMap<string, Member> | undefined;

  constructor(name: string, raw: RawShape, model: ServiceModel) {
    this.name = name;
    this.type = raw.type;
    this.raw = raw;
    this.#model = model;
  }

  /** Members of a structure by the model's name; empty for every other type. */
  get members(): ReadonlyMap<string, Member> {
    if (this.raw.members === undefined) return noMembers;
    this.#members ??= new Map(
      Object.entries(this.raw.members).map(([name, reference]) => [name, this.#model.member(reference)]),
    );
    return this.#members;
  }

  get required(): readonly string[] {
    return this.raw.required ?? [];
  }

  /** The element of a list. */
  get member(): Member {
    return this.#part('member');
  }

  get key(): Member {
    return this.#part('key');
  }

  get value(): Member {
    return this.#part('value');
  }

  #part(part: 'member' | 'key' | 'value'): Member {
    const reference = this.raw[part];
    if (reference === undefined) throw new TypeError(`the shape ${this.name} (${this.type}) has no ${part}`);
    return this.#model.member(reference);
  }
}

export class OperationModel {
  readonly service: ServiceModel;
  readonly name: string;
  readonly method: string;
  /** The path's template with labels (`{Bucket}`, greedy `{Key+}`), and literal query parameters after `?`. */
  readonly requestUri: string;
  readonly responseCode: number;
  readonly #raw: RawOperation;

  constructor(service: ServiceModel, raw: RawOperation) {
    this.service = service;
    this.name = raw.name;
    this.method = raw.http.method;
    this.requestUri = raw.http.requestUri;
    this.responseCode = raw.http.responseCode ?? 200;
    this.#raw = raw;
  }

  get input(): Shape | undefined {
    return this.#raw.input && this.service.shape(this.#raw.input.shape);
  }

  get output(): Shape | undefined {
    return this.#raw.output && this.service.shape(this.#raw.output.shape);
  }

  /** Name of the element around the result in the query protocol. */
  get resultWrapper(): string | undefined {
    return this.#raw.output?.resultWrapper;
  }

  /** The errors that the model declares for this operation. */
  get errors(): readonly Shape[] {
    return (this.#raw.errors ?? []).map((reference) => this.service.shape(reference.shape));
  }
}

export class ServiceModel {
  /** botocore's name of the service. */
  readonly name: string;
  readonly metadata: RawModel['metadata'];
  readonly #raw: RawModel;
  readonly #shapes = new Map<string, Shape>();
  readonly #members = new WeakMap<RawReference, Member>();
  readonly #operations = new Map<string, OperationModel>();

  constructor(name: string, raw: RawModel) {
    this.name = name;
    this.metadata = raw.metadata;
    this.#raw = raw;
  }

  get operationNames(): readonly string[] {
    return Object.keys(this.#raw.operations);
  }

  get xmlNamespace(): string | undefined {
    const namespace = this.metadata.xmlNamespace;
    return typeof namespace === 'object' ? namespace.uri : namespace;
  }

  operation(name: string): OperationModel | undefined {
    const known = this.#operations.get(name);
    if (known !== undefined) return known;
    const raw = Object.hasOwn(this.#raw.operations, name) ? this.#raw.operations[name] : undefined;
    if (raw === undefined) return undefined;
    const operation = new OperationModel(this, raw);
    this.#operations.set(name, operation);
    return operation;
  }

  /** @throws {TypeError} when the model refers to a shape that it does not have. */
  shape(name: string): Shape {
    const known = this.#shapes.get(name);
    if (known !== undefined) return known;
    const raw = this.#raw.shapes[name];
    if (raw === undefined) throw new TypeError(`the model of ${this.name} has no shape ${name}`);
    const shape = new Shape(name, raw, this);
    this.#shapes.set(name, shape);
    return shape;
  }

  member(reference: RawReference): Member {
    const known = this.#members.get(reference);
    if (known !== undefined) return known;
    const shape = this.shape(reference.shape);
    const member: Member = {
      shape,
      location: reference.location,
      locationName: reference.locationName,
      flattened: reference.flattened ?? shape.raw.flattened ?? false,
      xmlAttribute: reference.xmlAttribute ?? false,
      timestampFormat: reference.timestampFormat ?? shape.raw.timestampFormat,
      jsonvalue: reference.jsonvalue ?? false,
      streaming: reference.streaming ?? shape.raw.streaming ?? false,
    };
    this.#members.set(reference, member);
    return member;
  }

  /** The error shape that a code names: by the shape's name, or by the code it has on the wire. */
  errorShape(code: string): Shape | undefined {
    const raw = Object.hasOwn(this.#raw.shapes, code) ? this.#raw.shapes[code] : undefined;
    if (raw?.exception || raw?.error) return this.shape(code);
    for (const [name, shape] of Object.entries(this.#raw.shapes)) {
      if (shape.error?.code === code) return this.shape(name);
    }
    return undefined;
  }
}
