import { describe, expect, it } from 'vitest';
import { drawingIn, pictureOf } from './drawing';

const inside = (text: string) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">${text}</svg>`;

describe('a drawing in an address', () => {
  it.each([
    ['data:image/svg+xml,<svg/>', '<svg/>'],
    ["data:image/svg+xml;charset=utf8,%3csvg width='100%' fill='%23fff'/%3e", "<svg width='100%' fill='#fff'/>"],
    ['DATA:image/svg+xml;utf8,<svg\n/>#a', '<svg/>'],
    ['data:image/svg+xml;base64,PHN2Zy8+', '<svg/>'],
    ['data:image/svg+xml; BASE64,PHN2Zz48L3N2Zz4', '<svg></svg>'],
    ['data:image/svg+xml,%3csvg%3e%C3%A9é', '<svg>éé'],
  ])('is read as a browser reads it: %s', (address, drawing) => {
    expect(drawingIn(address)).toBe(drawing);
  });

  it.each([
    'data:image/svg+xmlx,<svg/>',
    'data:image/svg+xml',
    'data:image/svg+xml;base64,*',
    'data:image/svg+xml,%ff',
  ])('is none in %s', (address) => {
    expect(drawingIn(address)).toBeNull();
  });
});

describe('a drawing as a picture', () => {
  it('is a document of nobody, with all its characters', () => {
    const drawing = '<svg><title>"é" (#1)</title></svg>';
    expect(pictureOf(drawing)).toMatch(/^data:image\/svg\+xml,[^"#]*$/);
    expect(drawingIn(pictureOf(drawing) ?? '')).toBe(drawing);
  });

  it.each([
    '<defs><path id="a" d="M0 0h8"/></defs><use xlink:href="#a" fill="url(#b)"/>',
    '<style>.a{fill:#123}@media (prefers-color-scheme:dark){.a{fill:#fff}}</style>',
    '<style><![CDATA[.b{clip-path:url("#c")}]]></style>',
    '<image href="data:image/png;base64,AAAA"/><a href="#a"><title>A &amp; B&#xa0;</title></a>',
    '<animate attributeName="fill" from="red" to="blue"/>',
    '<sodipodi:namedview xmlns:sodipodi="http://sodipodi.example/dtd"/><metadata><rdf:li rdf:resource="http://a.example/"/></metadata>',
  ])('is shown: %s', (text) => {
    expect(pictureOf(inside(text))).not.toBeNull();
  });

  it('may say what it is before it begins', () => {
    const before =
      '\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- Made by hand -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/a.dtd">';
    expect(pictureOf(`${before}<svg/>`)).not.toBeNull();
  });

  it.each([
    '<script>x()</script>',
    '<SCRIPT/>',
    '<svg:script href="x"/>',
    '<x:script xmlns:x="http://www.w3.org/2000/svg"/>',
    '<g xmlns:x=" http://www.w3.org/1999/xhtml "><x:iframe/></g>',
    '<g xmlns:x="http://www.w3.org/1999/x&#104;tml"><x:iframe/></g>',
    '<foreignObject><p>Hi</p></foreignObject>',
    '<iframe/>',
    '<text>Ann</text>',
    '<path onload="x()"/>',
    '<path ev:onload="x()"/>',
    '<path d=M0/>',
    '<a href="javascript:x()"/>',
    '<a href="java&#115;cript:x()"/>',
    '<use xlink:href="https://a.example/b.svg#c"/>',
    '<image href="data:image/svg+xml,x"/>',
    '<animate attributeName="href" to="x"/>',
    '<set attributeName="onclick" to="x"/>',
    '<path fill="url(https://a.example/b#c)"/>',
    '<path style="fill:u\\72l(//a.example)"/>',
    '<g xml:base="https://a.example/"/>',
    "<style>@import '//a.example';</style>",
    '<style>a{background:u<!-- -->rl(//a.example)}</style>',
    '<style>a{background:u<![CDATA[rl(//a.example)]]>}</style>',
    "<style>a{background:image-set('//a.example' 1x)}</style>",
    '<style>a{background:ur&#108;(//a.example)}</style>',
    '<style><g/></style>',
    "<?xml-stylesheet href='//a.example'?>",
    '<g><!-- </g>',
    'a < b',
  ])('is not shown: %s', (text) => {
    expect(pictureOf(inside(text))).toBeNull();
  });

  it.each([
    '',
    'Not found',
    '<!doctype html><html></html>',
    '<g/>',
    '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>',
  ])('is none: %s', (text) => {
    expect(pictureOf(text)).toBeNull();
  });
});
