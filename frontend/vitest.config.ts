import { mergeConfig } from 'vite'
import { defineConfig } from 'vitest/config'
import { svelteTesting } from '@testing-library/svelte/vite'
import page from './vite.config.ts'

export default mergeConfig(
  page,
  defineConfig({
    test: {
      projects: [
        {
          extends: true,
          test: {
            name: 'client',
            environment: 'node',
            include: ['src/client/**/*.test.ts', 'tests/{client,wirecheck}/**/*.test.ts'],
          },
        },
        {
          extends: true,
          plugins: [svelteTesting()],
          test: {
            name: 'page',
            environment: 'happy-dom',
            include: ['src/**/*.test.ts'],
            exclude: ['src/client/**'],
          },
        },
      ],
    },
  }),
)
