import { describe, expect, it } from 'vitest';
import { initialsOf } from './pinyin';

const first = (text: string) => [...text].map((character) => initialsOf(character)[0]).join('');

describe('the first letter of the pinyin of a character', () => {
  it.each([
    ['图像视频音频模型', 'txspypmx'],
    ['随机种子遮罩采样', 'sjzzzzcy'],
    ['解码编码加载保存', 'jmbmjzbc'],
    ['舞蹈动作高斯模糊', 'wddzgsmh'],
    ['颜色亮度裁剪翻转', 'ysldcjfz'],
    ['文本提示词列表循环', 'wbtsclbxh'],
    ['暗昂额恩儿欧呕爱', 'aaeeeooa'],
    ['骨骼姿势拼接噪声', 'ggzspjzs'],
    ['那你女热日让然嗯', 'nnnrrrrn'],
  ])('is, for %s, %s', (text, expected) => expect(first(text)).toBe(expected));

  it('is each of several readings', () => {
    expect([...initialsOf('长')].sort()).toEqual(['c', 'z']);
    expect([...initialsOf('重')].sort()).toEqual(['c', 'z']);
    expect([...initialsOf('调')].sort()).toEqual(['d', 't']);
    expect([...initialsOf('乐')].sort()).toEqual(['l', 'y']);
  });

  it('is nothing for what is no Chinese character', () => {
    expect(['a', 'é', '1', ' ', '。', 'ひ', '한', '😀'].map(initialsOf).join('')).toBe('');
  });
});
