import { sections } from '../src/config/settings.ts';

/** The tables of docs/configuration.md. */
export function renderConfigurationDoc(): string {
  return sections
    .map(([title, settings]) => {
      const rows = Object.entries(settings).map(
        ([name, { type, default: value, description }]) =>
          `| \`${name}\` | ${type} | ${value === '``' || value === '' ? 'none' : value} | ${description} |`,
      );
      return [
        `## ${title}`,
        '',
        '| setting | value | default | meaning |',
        '| --- | --- | --- | --- |',
        ...rows,
        '',
      ].join('\n');
    })
    .join('\n');
}
