import { expect, it } from '@jest/globals'
import { readSafetensors } from './read-safetensors.ts'
import { encodeSafetensors } from './testing/tiny-model.ts'

const tensor = { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3) }

it('reads tensors with their shapes', () => {
  const tensors = readSafetensors(encodeSafetensors(new Map([['a', tensor]])))
  expect(tensors).toEqual(new Map([['a', tensor]]))
})

it('refuses a file that was cut off, and names the tensor', () => {
  const whole = encodeSafetensors(new Map([['a', tensor]]))
  expect(() => readSafetensors(whole.subarray(0, whole.length - 1))).toThrow('the tensor "a" reaches beyond the file')
  expect(() => readSafetensors(whole.subarray(0, 20))).toThrow('reaches beyond the file')
  expect(() => readSafetensors(whole.subarray(0, 4))).toThrow('eight bytes')
})

it('refuses a header that is no header', () => {
  const bytes = Buffer.from('\u0005\0\0\0\0\0\0\0hello')
  expect(() => readSafetensors(bytes)).toThrow('cannot be read')
})
