import { Ellipsis, Workflow } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { duplicateWorkflow, getWorkflow, renameWorkflow, type Saved } from '@/api/workflows';
import { pretty } from '@/core/canonical';
import type { Json } from '@/core/document';
import { saveBlob } from '@/shell/files/download';
import { useLibrarySection } from '@/shell/files/dialogs';
import { showTime } from '@/shell/files/times';
import menu from '@/shell/menus/menu.module.css';
import { refreshLibrary, report, useLibrary } from '@/state/files/library';
import { openSaved } from '@/state/files/opening';
import { moveToBin } from '@/state/files/saving';
import { fileName, freeName } from '@/state/files/title';
import { useWorkspace } from '@/state/workspace';
import { Select } from '@/ui/Select';
import css from './Library.module.css';
import { Versions } from './Versions';

type Order = 'changed' | 'name';

/** The user's workflows. */
export function Workflows() {
  const { t, i18n } = useTranslation('files');
  const workflows = useLibrary((library) => library.workflows);
  const asked = useLibrarySection((state) => state.asked);
  const [words, setWords] = useState('');
  const [order, setOrder] = useState<Order>('changed');
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    refreshLibrary().catch((error: unknown) => report('list', error));
  }, []);
  useEffect(() => {
    if (asked) search.current?.focus();
  }, [asked]);
  const found = (workflows ?? [])
    .filter((one) => one.name.toLowerCase().includes(words.trim().toLowerCase()))
    .sort((a, b) =>
      order === 'name' ? a.name.localeCompare(b.name, i18n.language) : b.changed - a.changed,
    );
  return (
    <>
      <div className={css.tools}>
        <input
          ref={search}
          className={css.search}
          type="search"
          value={words}
          placeholder={t('library.search')}
          aria-label={t('library.search')}
          onChange={(event) => setWords(event.target.value)}
        />
        <Select
          className={css.order}
          value={order}
          aria-label={t('library.order')}
          onChange={(event) => setOrder(event.target.value as Order)}
        >
          <option value="changed">{t('library.byTime')}</option>
          <option value="name">{t('library.byName')}</option>
        </Select>
      </div>
      <ul className={css.list} aria-label={t('library.workflows')}>
        {found.map((one) => (
          <Row key={one.id} saved={one} />
        ))}
      </ul>
      {workflows && !found.length && (
        <p className={css.none}>{t(words ? 'library.noneFound' : 'library.noneYet')}</p>
      )}
    </>
  );
}

function Row({ saved }: { saved: Saved }) {
  const { t } = useTranslation('files');
  const open = useWorkspace(({ documents }) =>
    documents.some((one) => one.getState().origin?.id === saved.id),
  );
  const [renaming, setRenaming] = useState(false);
  const [versions, setVersions] = useState(false);
  return (
    <li className={css.item}>
      <div className={css.row}>
        {renaming ? (
          <Name saved={saved} onDone={() => setRenaming(false)} />
        ) : (
          <button className={css.open} onClick={() => void openSaved(saved.id, saved.name)}>
            <Workflow
              className={css.icon}
              data-open={open || undefined}
              size={18}
              strokeWidth={1.75}
              aria-hidden
            />
            <span className={css.name} title={saved.name}>
              {saved.name}
            </span>
            <span className={css.facts}>
              {t('library.facts', { time: showTime(saved.changed), count: saved.version })}
            </span>
          </button>
        )}
        <RowMenu
          saved={saved}
          renaming={renaming}
          onRename={() => setRenaming(true)}
          onVersions={() => setVersions(!versions)}
        />
      </div>
      {versions && <Versions saved={saved} />}
    </li>
  );
}

interface MenuProps {
  saved: Saved;
  renaming: boolean;
  onRename(): void;
  onVersions(): void;
}

const ACTIONS: Record<string, (props: MenuProps) => unknown> = {
  open: ({ saved }) => openSaved(saved.id, saved.name),
  rename: ({ onRename }) => onRename(),
  duplicate: ({ saved }) => duplicate(saved),
  versions: ({ onVersions }) => onVersions(),
  export: ({ saved }) => download(saved),
  delete: ({ saved }) => moveToBin(saved.id, saved.name),
};

function RowMenu(props: MenuProps) {
  const { t } = useTranslation('files');
  const { name } = props.saved;
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        className={css.more}
        aria-label={t('library.menu.of', { name })}
        title={t('library.menu.of', { name })}
      >
        <Ellipsis size={16} aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={menu.menu}
          align="start"
          collisionPadding={8}
          // The field for the name has the focus then.
          onCloseAutoFocus={(event) => props.renaming && event.preventDefault()}
        >
          {Object.entries(ACTIONS).map(([key, work]) => (
            <DropdownMenu.Item key={key} className={menu.item} onSelect={() => void work(props)}>
              {t(`library.menu.${key}`)}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const duplicate = async ({ id, name }: Saved): Promise<void> => {
  try {
    const taken = useLibrary.getState().workflows?.map((one) => one.name) ?? [];
    await duplicateWorkflow(id, freeName(name, taken));
    await refreshLibrary();
  } catch (error) {
    report('duplicate', error, { name });
  }
};

const download = async ({ id, name }: Saved): Promise<void> => {
  try {
    const { workflow } = await getWorkflow(id);
    const text = pretty(workflow as Record<string, Json>);
    saveBlob(new Blob([text], { type: 'application/json' }), `${fileName(name)}.json`);
  } catch (error) {
    report('open', error, { name });
  }
};

function Name({ saved, onDone }: { saved: Saved; onDone(): void }) {
  const { t } = useTranslation('files');
  const done = async (name: string): Promise<void> => {
    onDone();
    if (!name || name === saved.name) return;
    try {
      await renameWorkflow(saved.id, name);
      const open = useWorkspace
        .getState()
        .documents.find((one) => one.getState().origin?.id === saved.id);
      open?.setState(({ origin }) => ({ origin: origin && { ...origin, name } }));
      await refreshLibrary();
    } catch (error) {
      report('rename', error, { name });
    }
  };
  return (
    <input
      className={css.rename}
      aria-label={t('name')}
      defaultValue={saved.name}
      maxLength={200}
      autoFocus
      onFocus={(event) => event.target.select()}
      onBlur={(event) => void done(event.target.value.trim())}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === 'Escape') event.currentTarget.value = saved.name;
        if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur();
      }}
    />
  );
}
