import { CircleX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useWords } from '@/i18n/said';
import { useNodePath } from '@/node/NodeStatus';
import { useDocumentStore } from '@/state/context';
import { useProblems } from '@/state/runs/problems';
import css from './Outline.module.css';

/** What is wrong with a node, in words, where its row stands. */
export function RowProblems({ id }: { id: string }) {
  const { t } = useTranslation('outline');
  const words = useWords();
  const problems = useProblems(useDocumentStore().getState().uid, useNodePath(id));
  if (!problems.length) return null;
  return (
    <ul className={css.problems} aria-label={t('problems')}>
      {problems.map((problem, place) => (
        <li key={`${problem.node} ${problem.port} ${place}`} className={css.problem}>
          <CircleX size={12} aria-hidden className={css.wrong} />
          {problem.port === null
            ? words(problem)
            : t('problem', { port: problem.port, problem: words(problem) })}
        </li>
      ))}
    </ul>
  );
}
