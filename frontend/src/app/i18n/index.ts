/** All text of the app. A further language is one more catalogue of the type `Catalogue`, added to `languages`. */
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { type Catalogue, en } from './en'

export const languages: Record<string, Catalogue> = { en }

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: Catalogue }
  }
}

export function startI18n(language: string = 'en'): void {
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    resources: Object.fromEntries(
      Object.entries(languages).map(([name, catalogue]) => [name, { translation: catalogue }]),
    ),
    interpolation: { escapeValue: false }, // React escapes
  })
}
