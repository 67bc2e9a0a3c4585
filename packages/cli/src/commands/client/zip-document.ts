const zipDocument = /\.(?:doc[xm]|dot[xm]|xls[xm]|xlt[xm]|ppt[xm]|pps[xm]|pot[xm]|epub)$/i

/** Whether a file is a document that is a zip file, by its name: an Office document or an e-book. */
export function isZipDocument(path: string): boolean {
  return zipDocument.test(path)
}
