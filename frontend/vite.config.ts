import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  // Relative addresses: one build works on any static host, also below a path.
  base: './',
  plugins: [svelte()],
  build: {
    target: 'es2022',
    sourcemap: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // On a slow machine it would print advice about plugins with every build.
      checks: { pluginTimings: false },
      // What the first screen needs is one file: cut into the parts that this or that lazy one shares, it would be larger.
      output: { codeSplitting: { groups: [{ name: 'page', tags: ['$initial'] }] } },
    },
  },
  server: { port: 5173, strictPort: true },
})
