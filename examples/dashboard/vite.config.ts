import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Only for `npm run dev`: what is built is served by serve.mjs.
const gatewayUrl = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000';

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', port: 4100, proxy: { '/graphql': { target: gatewayUrl, ws: true } } },
  build: { target: 'baseline-widely-available' },
});
