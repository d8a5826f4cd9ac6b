import type { PipelineRunItem } from '../core/domain.ts';
import type { DatedPipelineRun } from '../core/upstream.ts';
import type { Window } from '../core/window.ts';

export type RunConnection = Connection<DatedPipelineRun>;
export type ItemConnection = Connection<PipelineRunItem>;

/**
 * A window with the fields of a connection as properties: a resolver call costs more than what these fields compute. They are
 * computed when they are first read, and once, since compiled execution reads an object's property for each of its fields.
 */
export class Connection<Node> {
  readonly totalCount: number;
  readonly asOf: number;
  readonly staleBecause: Window<unknown>['staleBecause'];
  readonly #window: Window<unknown>;
  readonly #createNodes: () => Node[];
  #nodes: Node[] | null = null;
  #edges: Edge<Node>[] | null = null;
  #pageInfo: PageInfo | null = null;

  constructor(window: Window<unknown>, createNodes: () => Node[]) {
    this.totalCount = window.totalCount;
    this.asOf = window.asOf;
    this.staleBecause = window.staleBecause;
    this.#window = window;
    this.#createNodes = createNodes;
  }

  get nodes(): Node[] {
    return (this.#nodes ??= this.#createNodes());
  }

  get edges(): Edge<Node>[] {
    return (this.#edges ??= this.nodes.map((node, index) => new Edge(node, index, this.#window)));
  }

  get pageInfo(): PageInfo {
    return (this.#pageInfo ??= new PageInfo(this.#window));
  }
}

type Cursors = Pick<Window<unknown>, 'cursorAt'>;

class Edge<Node> {
  readonly node: Node;
  readonly #index: number;
  readonly #window: Cursors;

  constructor(node: Node, index: number, window: Cursors) {
    this.node = node;
    this.#index = index;
    this.#window = window;
  }

  get cursor(): string {
    return this.#window.cursorAt(this.#index);
  }
}

class PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly #window: Window<unknown>;

  constructor(window: Window<unknown>) {
    this.hasNextPage = window.hasNextPage;
    this.hasPreviousPage = window.hasPreviousPage;
    this.#window = window;
  }

  get startCursor(): string | null {
    const { nodes, cursorAt } = this.#window;
    return nodes.length > 0 ? cursorAt(0) : null;
  }

  get endCursor(): string | null {
    const { nodes, cursorAt } = this.#window;
    return nodes.length > 0 ? cursorAt(nodes.length - 1) : null;
  }
}
