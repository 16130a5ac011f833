-- Refuses one more own task of p_date: a day's list is answered whole. Tombstones count, so that deleting brings no endless rows.
    IF (SELECT COUNT(*) FROM tasks WHERE user_id = p_user_id AND task_date = p_date AND task_key LIKE 'own:%') >= 200 THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'QUOTA_EXCEEDED';
    END IF;
