import { mount } from 'svelte'
import App from './App.svelte'
import { language } from './i18n/language.svelte'
import './styles/index.css'
import { theme } from './ui/theme.svelte'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no element with the id "app"')

theme.start()
mount(App, { target })
language.start()
