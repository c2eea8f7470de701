declare module "*.wasm" {
  /** In base64. */
  const text: string;
  export default text;
}
