/** SQL for the JSON that missingOn needs, from a row of `users`; has two placeholders for the day. */
export const dayPlan = `JSON_OBJECT(
         'keys', (SELECT JSON_ARRAYAGG(task_key) FROM tasks WHERE user_id = users.id AND task_date = ?),
         'templates', (SELECT JSON_ARRAYAGG(id) FROM task_templates
                         WHERE is_active AND NOT EXISTS (SELECT 1 FROM hidden_templates h WHERE h.user_id = users.id AND h.template_id = task_templates.id)),
         'rules', (SELECT JSON_ARRAYAGG(JSON_OBJECT('id', id, 'weekdays', weekdays, 'is_weekly', is_weekly))
                     FROM task_rules WHERE user_id = users.id AND ended_at IS NULL AND start_date <= ?))`;
