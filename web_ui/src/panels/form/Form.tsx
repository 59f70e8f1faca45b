import { Play } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { humanize } from '@/core/catalogue';
import { splitPort, targetsOf, type InputDocument } from '@/core/document';
import { fieldKind } from '@/core/fields';
import { FIELDS } from '@/node/fields/registry';
import { perform } from '@/shell/commands/registry';
import { portTexts } from '@/core/texts';
import { typesOf } from '@/core/ports';
import { useSettings } from '@/state/settings';
import { useDocument, useDocumentStore } from '@/state/context';
import { useQueue, useRun, useRunsOf, useShare } from '@/state/runs';
import { Button } from '@/ui/Button';
import css from './Form.module.css';
import { Outputs } from './Outputs';

const RUN = 'run.start';
const AREA = 88;

/** The workflow as a form: what it takes, a button, and what came out. */
export default function Form() {
  const { t } = useTranslation('runs');
  const inputs = useDocument((state) => state.document.inputs);
  const outputs = useDocument((state) => state.document.outputs);
  const name = useDocument((state) => state.document.name);
  const entries = Object.entries(inputs ?? {});
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault();
        perform(RUN);
      }}
    >
      {name && <h3 className={css.name}>{name}</h3>}
      {entries.length === 0 && <p className={css.note}>{t('form.noInputs')}</p>}
      {entries.map(([key, input]) => (
        <Entry key={key} name={key} input={input} />
      ))}
      <RunButton />
      <Outputs names={Object.keys(outputs ?? {})} />
    </form>
  );
}

function Entry({ name, input }: { name: string; input: InputDocument }) {
  const { t } = useTranslation('runs');
  const language = useSettings((settings) => settings.language);
  const store = useDocumentStore();
  const readOnly = useDocument((state) => state.readOnly);
  const document = useDocument((state) => state.document);
  const catalogue = useDocument((state) => state.catalogue);
  const labelId = useId();
  const at = splitPort(targetsOf(input)[0] ?? '');
  const types = typesOf(document, catalogue, '');
  const port = types.input(at);
  const said = portTexts(document.texts, language, 'inputs', name);
  const label = said.label ?? input.label ?? humanize(name);
  const help = said.text ?? input.help ?? port?.help;
  const kind = port ? fieldKind(port, true) : 'none';
  const own = input.default ?? types.node(at.node)?.values?.[at.port];
  const Field = kind === 'none' ? null : FIELDS[kind];
  const tall = kind === 'multiline' || kind === 'file';
  return (
    <div className={css.entry} data-input={name}>
      <label id={labelId} className={css.label}>
        {label}
      </label>
      {Field && port ? (
        <Field
          port={port}
          value={own === undefined ? port.default : own}
          area={tall ? AREA : 0}
          disabled={readOnly}
          labelId={labelId}
          onChange={(value) => {
            if (value !== undefined)
              store.run({ do: 'setInput', graph: '', name, input: { default: value } });
          }}
          onDone={() => store.seal()}
        />
      ) : (
        <span className={css.note}>{t('form.noField')}</span>
      )}
      {help && <span className={css.help}>{help}</span>}
    </div>
  );
}

function RunButton() {
  const { t } = useTranslation('runs');
  const { uid } = useDocumentStore().getState();
  const last = useRunsOf(uid)[0] ?? '';
  const facts = useRun(last);
  const share = useShare(last);
  const queue = useQueue();
  const empty = useDocument((state) => state.projected.views.size === 0);
  const running = facts?.state === 'running';
  const before = facts?.state === 'queued' ? queue.indexOf(last) : 0;
  return (
    <div className={css.go}>
      <Button look="primary" type="submit" disabled={empty} className={css.run}>
        <Play size={14} fill="currentColor" aria-hidden />
        {t('bar.run')}
      </Button>
      <span className={css.note}>
        {running && t('queue.share', { value: Math.floor(share * 100) })}
        {before > 0 && t('form.before', { count: before })}
      </span>
    </div>
  );
}
