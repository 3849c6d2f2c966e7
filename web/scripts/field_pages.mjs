// The pages of what is asked of devices, for screenshots.mjs.

/** @param {string} url */
export const field_pages = (url) => ({
  control: async (page) => {
    await page.goto(`${url}/devices/2/control`);
    await page.waitForSelector('.register-list');
    await page.click('.register-group .button >> nth=0');
    await page.waitForSelector('.order-done', { timeout: 20_000 });
  },
  command: async (page) => {
    await page.goto(`${url}/devices/2/control`);
    await page.click('.command-list .button >> nth=0');
    await page.waitForSelector('dialog .form');
  },
  connection: async (page) => {
    await page.goto(`${url}/devices/2/connection`);
    await page.waitForSelector('.facts >> nth=1');
  },
  trace: async (page) => {
    await page.goto(`${url}/devices/2/trace`);
    await page.waitForSelector('.trace-received', { timeout: 20_000 });
    await page.click('.trace-received button >> nth=0');
    await page.waitForSelector('.octet-grid .octet');
  },
  models: async (page) => {
    await page.goto(`${url}/models`);
    await page.waitForSelector('.data-table');
  },
  model: async (page) => {
    await page.goto(`${url}/models`);
    await page.click('.row-link >> nth=0');
    await page.waitForSelector('.code-block');
  },
  gateway_plan: async (page) => {
    await page.goto(`${url}/gateways/1`);
    await page.waitForSelector('.data-table, .empty');
  },
  onboarding: async (page) => {
    await page.goto(`${url}/onboarding`);
    await page.waitForSelector('.form');
    await page.click('.form-actions .button-main');
  },
  onboarding_file: async (page) => {
    await page.goto(`${url}/onboarding/file`);
    await page.waitForSelector('.drop-place');
  },
  called_in: async (page) => {
    await page.goto(`${url}/onboarding/called-in`);
    await page.waitForSelector('.data-table, .empty');
    const box = page.locator('.data-table input[type="checkbox"]').first();
    if ((await box.count()) > 0) await box.check();
  },
  job_new: async (page) => {
    await page.goto(`${url}/jobs/new`);
    await page.waitForSelector('.register-choices');
  },
  job: async (page) => {
    await page.goto(`${url}/jobs/new`);
    await page.waitForSelector('.register-choices');
    await page.check('.register-choices input >> nth=0');
    await page.waitForSelector('.form-actions .button-main:not([disabled])');
    await page.click('.form-actions .button-main');
    await page.waitForSelector('.job-count');
    await page.waitForTimeout(4_000);
  },
  jobs: async (page) => {
    await page.goto(`${url}/jobs`);
    await page.waitForSelector('.data-table, .empty');
  },
});
