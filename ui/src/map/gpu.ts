// Paints points with WebGL 2: nine bytes a point as they came, and one more while some are selected.
// Does not know colours' meaning. Nothing is compiled from text but what runs on the graphics card: no eval.

import type { Look } from "./look.ts";
import type { Painter, Sheet } from "./painter.ts";
import { FRAGMENT, VERTEX } from "./shaders.ts";

const X = 0;
const Y = 1;
const COLOUR = 2;
const LIT = 3;
const GREYED_ALPHA = 0.55; // of the alpha of those in colour

interface Works {
  program: WebGLProgram;
  buffers: WebGLBuffer[];
  every: number; // which of the points the attributes step to
  uniform: Record<"place" | "size" | "turn" | "grey" | "alpha" | "palette", WebGLUniformLocation | null>;
}

/** null: there is no WebGL 2 here. */
export function gpuPainter(canvas: HTMLCanvasElement, again: () => void): Painter | null {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, powerPreference: "high-performance" });
  if (gl === null) return null;
  let works: Works | null = worksOf(gl);
  let shown: Sheet | null = null;
  const lost = (event: Event): void => {
    event.preventDefault(); // else it is never given back
    works = null;
  };
  const found = (): void => {
    works = worksOf(gl);
    if (works !== null && shown !== null) bring(gl, works, shown, null);
    again();
  };
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", found);
  return {
    byHand: false,
    show(sheet) {
      if (works !== null) bring(gl, works, sheet, shown);
      shown = sheet;
    },
    paint(look, every) {
      if (works === null || shown === null) return;
      if (works.every !== every) stride(gl, works, shown, every);
      paint(gl, works, shown, look);
    },
    release() {
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", found);
      if (works !== null) dismantle(gl, works);
    },
  };
}

/** null: the context is lost again. */
function worksOf(gl: WebGL2RenderingContext): Works | null {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) return null;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader); // goes when the program does
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    if (gl.isContextLost()) return null;
    throw new Error(gl.getProgramInfoLog(program) ?? "the map's shaders do not link");
  }
  const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
  const uniform = { place: at("place"), size: at("size"), turn: at("turn"), grey: at("grey"), alpha: at("alpha"), palette: at("palette") };
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA); // colours come multiplied by their alpha
  return { program, buffers: [X, Y, COLOUR, LIT].map(() => gl.createBuffer()), every: 1, uniform };
}

function bring(gl: WebGL2RenderingContext, works: Works, now: Sheet, before: Sheet | null): void {
  if (now.points !== before?.points) {
    column(gl, works, X, now.points.x);
    column(gl, works, Y, now.points.y);
  }
  if (now.colours !== before?.colours) column(gl, works, COLOUR, now.colours);
  if (now.lit !== before?.lit || before === null) {
    if (now.lit !== null) column(gl, works, LIT, now.lit);
    else gl.disableVertexAttribArray(LIT);
    gl.vertexAttribI4ui(LIT, 1, 0, 0, 0); // of every point, where there is no column
  }
  if (now.palette !== before?.palette) {
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, now.palette);
  }
}

function column(gl: WebGL2RenderingContext, works: Works, at: number, values: Float32Array | Uint8Array): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, works.buffers[at]!);
  gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(at);
  point(gl, works, at);
}

/** The buffer stays as it is: what is left out is stepped over. */
function stride(gl: WebGL2RenderingContext, works: Works, sheet: Sheet, every: number): void {
  works.every = every;
  for (const at of sheet.lit === null ? [X, Y, COLOUR] : [X, Y, COLOUR, LIT]) point(gl, works, at);
}

function point(gl: WebGL2RenderingContext, { buffers, every }: Works, at: number): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffers[at]!);
  if (at === X || at === Y) gl.vertexAttribPointer(at, 1, gl.FLOAT, false, 4 * every, 0);
  else gl.vertexAttribIPointer(at, 1, gl.UNSIGNED_BYTE, every, 0);
}

function paint(gl: WebGL2RenderingContext, { program, uniform, every }: Works, sheet: Sheet, { view, ratio, sizePx, alpha }: Look): void {
  const { width, height, scale } = view;
  gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
  gl.clearColor(0, 0, 0, 0);
  gl.clear(gl.COLOR_BUFFER_BIT);
  gl.useProgram(program);
  gl.uniform1i(uniform.palette, 0);
  gl.uniform4f(uniform.place, (2 * scale) / width, (2 * scale) / height, (-2 * scale * view.x) / width, (-2 * scale * view.y) / height);
  gl.uniform1f(uniform.alpha, alpha);
  const [red, green, blue] = sheet.grey;
  gl.uniform4f(uniform.grey, red / 255, green / 255, blue / 255, alpha * GREYED_ALPHA);
  gl.uniform1f(uniform.size, sizePx * ratio);
  for (const turn of sheet.lit === null ? [1] : [0, 1]) {
    gl.uniform1ui(uniform.turn, turn);
    gl.drawArrays(gl.POINTS, 0, Math.ceil(sheet.points.count / every)); // the last step is to a point there is
  }
}

function dismantle(gl: WebGL2RenderingContext, works: Works): void {
  for (const buffer of works.buffers) gl.deleteBuffer(buffer);
  gl.deleteProgram(works.program);
}
