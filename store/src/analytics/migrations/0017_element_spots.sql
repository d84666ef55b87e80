-- Where in an element it was clicked: percent of its width and height, from its middle, where the clicks of before are.
ALTER TABLE elements
    ADD COLUMN IF NOT EXISTS spot_x Int8,
    ADD COLUMN IF NOT EXISTS spot_y Int8,
    MODIFY ORDER BY (project_id, path, day, selector, device_type, name, text, spot_x, spot_y)
