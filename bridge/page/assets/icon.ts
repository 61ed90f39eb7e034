/** The icon: two circles that agree. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f5f8b"/><circle cx="12" cy="16" r="6.5" fill="none" stroke="#fff" stroke-width="2.5"/><circle cx="20" cy="16" r="6.5" fill="none" stroke="#fff" stroke-width="2.5"/></svg>`;
