import type { NextConfig } from 'next';

/** A folder of files, embedded in the binary: no server of its own, no image service, no outside host. */
const config: NextConfig = {
  output: 'export',
  images: { unoptimized: true },
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
};

export default config;
