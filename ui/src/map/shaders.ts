// The two programs of the graphics card, for round points of one size. Do not know the page.

export const VERTEX = `#version 300 es
layout(location = 0) in float x;
layout(location = 1) in float y;
layout(location = 2) in uint colour;
layout(location = 3) in uint lit;
uniform vec4 place; // scale of x and y, what is added to x and y: to -1 .. 1
uniform float size; // device pixels
uniform uint turn; // 0: greyed points are painted, 1: those in colour
uniform vec4 grey;
uniform float alpha;
uniform sampler2D palette;
flat out vec4 ink;

void main() {
  if (lit != turn) { // outside: nothing is painted
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    return;
  }
  gl_Position = vec4(x * place.x + place.z, y * place.y + place.w, 0.0, 1.0);
  gl_PointSize = size + 1.0; // the soft edge
  vec4 own = texelFetch(palette, ivec2(int(colour), 0), 0);
  vec4 shown = turn == 1u ? vec4(own.rgb, own.a * alpha) : grey;
  ink = vec4(shown.rgb * shown.a, shown.a);
}
`;

export const FRAGMENT = `#version 300 es
precision highp float;
uniform float size;
flat in vec4 ink;
out vec4 painted;

void main() {
  float away = length(gl_PointCoord - 0.5) * (size + 1.0);
  painted = ink * clamp(size * 0.5 + 0.5 - away, 0.0, 1.0);
}
`;
