import { theme as antd_theme, ConfigProvider } from 'antd';
import en_us from 'antd/locale/en_US';
import zh_cn from 'antd/locale/zh_CN';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import type { ReactNode } from 'react';
import { useLanguage } from '../i18n/index.tsx';
import { palettes, radius, type } from '../theme/theme.ts';
import { useTheme } from '../theme/theme_context.tsx';

/** Gives Ant Design's controls the product's own look and language. Loaded only with the pages that use such controls. */
export function AntdScope({ children }: { children: ReactNode }) {
  const { theme } = useTheme();
  const { language } = useLanguage();
  const palette = palettes[theme];
  dayjs.locale(language === 'en' ? 'en' : 'zh-cn');
  return (
    <ConfigProvider
      locale={language === 'en' ? en_us : zh_cn}
      theme={{
        algorithm: theme === 'dark' ? antd_theme.darkAlgorithm : antd_theme.defaultAlgorithm,
        token: {
          colorPrimary: palette.accent,
          colorInfo: palette.accent,
          colorLink: palette.accent,
          colorTextBase: palette.ink,
          colorBgBase: palette.surface,
          colorBgContainer: palette.surface,
          colorBgElevated: palette.raised,
          colorBorder: palette.line_strong,
          colorTextPlaceholder: palette.ink_soft,
          colorTextDescription: palette.ink_soft,
          borderRadius: Number.parseInt(radius.small, 10) + 2,
          fontFamily: type.sans,
          fontSize: Number.parseInt(type.size.body, 10),
          motionDurationMid: '0.12s',
          motionDurationSlow: '0.18s',
        },
      }}
    >
      {children}
    </ConfigProvider>
  );
}
