-- 20 open jobs of one category, newest first: one statement.
\set n random(1, 16)
SELECT id, client_id, title, description, category, currency, budget_min, budget_max, length, state, published_at,
    expires_at, applicant_count, version, created_at, updated_at
FROM jobs
WHERE state = 'open' AND published_at IS NOT NULL AND category = (ARRAY['writing', 'translation', 'design', 'illustration', 'photography', 'video', 'music', 'web_development',
    'app_development', 'data_analysis', 'data_entry', 'marketing', 'administration', 'consulting', 'teaching', 'other'])[:n]
ORDER BY created_at DESC, id DESC LIMIT 21;
