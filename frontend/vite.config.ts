import { fileURLToPath, URL } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// `npm run dev` serves the app alone; everything else is answered by a stack that runs beside it.
const stack = process.env.OPSCONDUCTOR_PUBLIC_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: stack },
      '/nodered': { target: stack, ws: true },
    },
  },
  build: {
    target: 'es2023',
    sourcemap: false,
    // The one font file for Latin text would otherwise be inlined, and then loaded by everybody before the first paint.
    assetsInlineLimit: 2048,
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['./src/testing/setup.ts'],
    css: { modules: { classNameStrategy: 'non-scoped' } },
    // Files share one environment, which setup.ts leaves as it found it: that halves the time.
    isolate: false,
    maxWorkers: '100%', // nothing else runs meanwhile; vitest would leave a core free
    restoreMocks: true,
    // ms; typing into a form takes 1 s on an idle machine, and tests run beside others on busy ones.
    testTimeout: 60_000,
    onConsoleLog: (log) => !log.startsWith('The tag <search> is unrecognized'), // happy-dom does not know it yet
  },
})
