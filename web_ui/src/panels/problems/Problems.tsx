import { CircleCheck, CircleX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { canvasPath } from '@/core/running';
import { useWords } from '@/i18n/said';
import { useDocumentStore } from '@/state/context';
import { goTo, useAllProblems, type Problem } from '@/state/runs/problems';
import { showNode } from './show';
import css from './Problems.module.css';

/** Everything that is wrong with the workflow; each line leads to where it is. */
export default function Problems() {
  const { t } = useTranslation('runs');
  const words = useWords();
  const store = useDocumentStore();
  const problems = useAllProblems(store.getState().uid);
  if (!problems.length)
    return (
      <p className={css.none}>
        <CircleCheck size={16} aria-hidden />
        {t('problem.none')}
      </p>
    );
  const jump = ({ node }: Problem): void => {
    if (node === null) return;
    goTo(store, node);
    showNode(store, canvasPath(node).split('/').at(-1)!);
  };
  return (
    <ul className={css.list} aria-label={t('problem.label')}>
      {problems.map((problem, place) => (
        <li key={`${problem.node} ${problem.port} ${place}`}>
          <button
            className={css.row}
            disabled={problem.node === null}
            onClick={() => jump(problem)}
          >
            <CircleX size={15} aria-hidden className={css.icon} />
            <span className={css.where}>{where(problem) || t('problem.whole')}</span>
            <span className={css.message}>{words(problem)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

const where = ({ node, port }: Problem): string =>
  [node === null ? '' : canvasPath(node), port ?? ''].filter(Boolean).join('.');
