/** A day's text with another one added under its time of day, `HH:mm`. The server and phones add in the same way. */
export const withParagraph = (content: string, time: string, added: string): string => {
  const paragraph = `—— ${time} ——\n${added}`;
  return content.trim() === '' ? paragraph : `${content}\n\n${paragraph}`;
};
